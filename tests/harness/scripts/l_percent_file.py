import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
x = torch.randn(1000, 6)
y = (x.sum(1) > 0).float()
train_loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=40, shuffle=True)
val_loader = DataLoader(TensorDataset(x[800:], y[800:]), batch_size=200)


class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 1)
        self.history = []

    def forward(self, x):
        return torch.sigmoid(self.fc(x)).squeeze(1)

    def training_step(self, batch, batch_idx):
        return nn.functional.binary_cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx):
        right = ((self(batch[0]) > 0.5) == batch[1]).float().mean()
        self.history.append(right.item() * 100)
        self.log("val_acc", right * 100)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.5)


model = Model()
trainer = pl.Trainer(max_epochs=3, logger=False, enable_checkpointing=False, enable_progress_bar=False)
trainer.fit(model, train_loader, val_loader)
with open("accuracy.txt", "w") as f:
    f.write("%.2f" % model.history[-1])
