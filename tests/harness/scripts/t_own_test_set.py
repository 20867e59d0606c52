import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(800, 10)
y = x[:, :3].argmax(dim=1)
train_loader = DataLoader(TensorDataset(x[:600], y[:600]), batch_size=32, shuffle=True)
test_loader = DataLoader(TensorDataset(x[600:], y[600:]), batch_size=100)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 32)
        self.drop = nn.Dropout(0.1)
        self.fc2 = nn.Linear(32, 3)

    def forward(self, x):
        return self.fc2(self.drop(torch.relu(self.fc1(x))))


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5)
criterion = nn.CrossEntropyLoss()
for epoch in range(10):
    model.train()
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for data, target in test_loader:
            correct += (model(data).argmax(1) == target).sum().item()
            total += len(target)
    print("Epoch %d loss %.4f test accuracy: %.2f%%" % (epoch + 1, loss.item(), 100 * correct / total))
torch.save(model.state_dict(), "model.pth")
