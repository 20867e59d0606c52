import torch
net = torch.nn.Linear(2, 1)
net(b).sum().backward()
torch.optim.SGD(net.parameters(), 0.1).step()
