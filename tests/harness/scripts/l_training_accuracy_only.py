import lightning as L
import torch
import torchmetrics
from torch import nn, optim, utils

torch.manual_seed(2)
x = torch.randn(1200, 10)
y = (x[:, 0] + x[:, 1] > 0).long()


class LitModel(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 2))
        self.acc = torchmetrics.Accuracy(task="multiclass", num_classes=2)

    def training_step(self, batch, batch_idx):
        a, b = batch
        out = self.model(a)
        self.acc(out, b)
        self.log("train_acc", self.acc, on_epoch=True, prog_bar=True)
        return nn.functional.cross_entropy(out, b)

    def configure_optimizers(self):
        return optim.Adam(self.parameters(), lr=1e-2)


loader = utils.data.DataLoader(utils.data.TensorDataset(x, y), batch_size=32, shuffle=True)
model = LitModel()
trainer = L.Trainer(max_epochs=4, accelerator="auto", devices=1)
trainer.fit(model=model, train_dataloaders=loader)
print(f"Training accuracy: {trainer.callback_metrics['train_acc'].item() * 100:.1f}%")
