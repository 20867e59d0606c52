"""What runs inside a training image: the pushed script, unmodified, with the frameworks hooked."""
