import torch

torch.manual_seed(1)
X = torch.randn(500, 6)
y = (X[:, 0] + X[:, 1] > 0).float().view(-1, 1)
model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1), torch.nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters(), 1e-2)
for epoch in range(8):
    perm = torch.randperm(len(X))
    for i in range(0, len(X), 50):
        b = perm[i : i + 50]
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy(model(X[b]), y[b]).backward()
        optimizer.step()
    with torch.no_grad():
        print("Epoch", epoch, "acc", ((model(X) > 0.5).float() == y).float().mean().item())
