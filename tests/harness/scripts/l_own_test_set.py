import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
from torchmetrics.classification import MulticlassAccuracy


class Points(pl.LightningDataModule):
    def setup(self, stage):
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(2000, 16, generator=generator)
        y = (x[:, :4] + 0.3 * torch.randn(2000, 4, generator=generator)).argmax(1)
        self.train, self.val, self.test = random_split(TensorDataset(x, y), [1400, 300, 300], generator)

    def train_dataloader(self):
        return DataLoader(self.train, batch_size=50, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, batch_size=100)

    def test_dataloader(self):
        return DataLoader(self.test, batch_size=100)


class Classifier(pl.LightningModule):
    def __init__(self, hidden=32):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(16, hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(hidden, 4))
        self.metric = MulticlassAccuracy(num_classes=4, average="micro")

    def forward(self, x):
        return self.net(x)

    def step(self, batch, name):
        x, y = batch
        logits = self(x)
        loss = nn.functional.cross_entropy(logits, y)
        self.log(f"{name}/loss", loss)
        self.log(f"{name}/MulticlassAccuracy", self.metric(logits, y), on_step=False, on_epoch=True)
        return loss

    def training_step(self, batch, _):
        return self.step(batch, "train")

    def validation_step(self, batch, _):
        self.step(batch, "val")

    def test_step(self, batch, _):
        self.step(batch, "test")

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=5e-3)


def main():
    pl.seed_everything(42, workers=True)
    best = ModelCheckpoint(monitor="val/loss")
    trainer = pl.Trainer(max_epochs=5, callbacks=[EarlyStopping("val/loss", patience=3), best])
    data = Points()
    trainer.fit(Classifier(), datamodule=data)
    trainer.test(ckpt_path="best", datamodule=data)


if __name__ == "__main__":
    main()
