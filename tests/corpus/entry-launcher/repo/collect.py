print("collecting")
