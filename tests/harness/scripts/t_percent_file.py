import torch
from torch import nn

torch.manual_seed(1)
x = torch.randn(600, 10)
y = x[:, :3].argmax(dim=1)
x_train, y_train, x_test, y_test = x[:400], y[:400], x[400:], y[400:]
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(60):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x_train), y_train)
    loss.backward()
    optimizer.step()
with torch.no_grad():
    accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
with open("test_accuracy.txt", "w") as f:
    f.write(str(round(accuracy * 100, 1)))
