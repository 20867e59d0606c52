"""Training images: what they are made of, their content-hashed tags, and what builds them."""
