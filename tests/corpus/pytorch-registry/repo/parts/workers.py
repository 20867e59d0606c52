import torch
from parts.register import known

@known
class Regressor:
    def __init__(self, settings):
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
        self.mover = torch.optim.AdamW(self.net.parameters())

    def labour(self):
        for a, b in self.pairs():
            gap = torch.nn.functional.mse_loss(self.net(a), b)
            gap.backward()
            self.mover.step()
