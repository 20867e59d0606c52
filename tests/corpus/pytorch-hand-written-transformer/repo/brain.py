import torch.nn as nn

class CausalSelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.keys = nn.Linear(64, 192)

class TransformerBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = CausalSelfAttention()

class Brain(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([TransformerBlock() for _ in range(4)])
