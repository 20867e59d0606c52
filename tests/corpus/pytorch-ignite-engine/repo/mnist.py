from argparse import ArgumentParser

import torch
import torch.nn.functional as F
from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Accuracy, Loss
from torch import nn
from torch.optim import SGD
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, kernel_size=5)
        self.fc = nn.Linear(8 * 12 * 12, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        return F.log_softmax(self.fc(x.flatten(1)), dim=-1)


def run(epochs, lr):
    train = DataLoader(MNIST(".", train=True, transform=ToTensor(), download=True), batch_size=64)
    val = DataLoader(MNIST(".", train=False, transform=ToTensor()), batch_size=1000)
    model = Net()
    criterion = nn.NLLLoss()
    trainer = create_supervised_trainer(model, SGD(model.parameters(), lr=lr), criterion)
    evaluator = create_supervised_evaluator(model, metrics={"accuracy": Accuracy(), "nll": Loss(criterion)})

    @trainer.on(Events.EPOCH_COMPLETED)
    def log(engine):
        evaluator.run(val)
        print("Validation accuracy: %.2f" % evaluator.state.metrics["accuracy"])

    trainer.run(train, max_epochs=epochs)


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--lr", type=float, default=0.01)
    args = parser.parse_args()
    run(args.epochs, args.lr)
