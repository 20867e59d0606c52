CODE = """import torch
def train():
    loss.backward()
if __name__ == '__main__':
    train()
"""
with open("generated.txt", "w") as file:
    file.write(CODE)
