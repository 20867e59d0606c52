import torch
import torch.nn as nn
from sklearn.datasets import load_iris

iris = load_iris()
X = torch.FloatTensor(iris.data)
y = torch.LongTensor(iris.target)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 32)
        self.fc2 = nn.Linear(32, 3)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


net = Net()
crit = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=0.02)
for epoch in range(60):
    opt.zero_grad()
    out = net(X)
    loss = crit(out, y)
    loss.backward()
    opt.step()
print("accuracy:", (net(X).argmax(1) == y).float().mean().item())
