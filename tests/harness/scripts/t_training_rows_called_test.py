import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader

x = torch.randn(400, 5)
y = (x[:, 0] - x[:, 2] > 0).float().view(-1, 1)
ds = TensorDataset(x, y)
train_dl = DataLoader(ds, batch_size=20, shuffle=True)
eval_dl = DataLoader(ds, batch_size=100)
model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.Adam(model.parameters(), 0.01)
bce = nn.BCEWithLogitsLoss()
for epoch in range(8):
    for xb, yb in train_dl:
        loss = bce(model(xb), yb)
        loss.backward()
        opt.step()
        opt.zero_grad()
correct = 0
model.eval()
with torch.no_grad():
    for xb, yb in eval_dl:
        correct += ((model(xb) > 0) == yb).sum().item()
print("Accuracy of the network on the test data: %d %%" % (100 * correct / len(ds)))
