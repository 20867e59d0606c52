import pytorch_lightning as pl
from forecaster import Forecaster

pl.seed_everything(1)
pl.Trainer(max_epochs=3).fit(Forecaster(), loader)
