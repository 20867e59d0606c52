import argparse
import torch
from torch import nn, optim
import torch.nn.functional as F

class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.look = nn.Conv2d(1, 12, 5)
        self.say = nn.Linear(12 * 12 * 12, 10)

    def forward(self, image):
        return F.log_softmax(self.say(torch.flatten(F.max_pool2d(self.look(image), 2), 1)), dim=1)

def train(args, net, loader, mover):
    net.train()
    for image, digit in loader:
        mover.zero_grad()
        loss = F.nll_loss(net(image), digit)
        loss.backward()
        mover.step()

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    args = parser.parse_args()
    net = Reader()
    mover = optim.Adadelta(net.parameters())
    for _ in range(args.epochs):
        train(args, net, loader, mover)

if __name__ == "__main__":
    main()
