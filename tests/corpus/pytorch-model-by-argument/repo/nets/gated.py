from torch import nn

class Net(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.memory = nn.GRU(8, size)
        self.out = nn.Linear(size, 1)

    def learn_from(self, batch, mover):
        mover.zero_grad()
        self(batch)["loss"].backward()
        mover.step()
