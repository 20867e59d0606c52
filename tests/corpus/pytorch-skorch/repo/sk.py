from sklearn.model_selection import GridSearchCV
from skorch import NeuralNetClassifier
from torch import nn

class Small(nn.Module):
    def __init__(self, width=10):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, rows):
        return self.layers(rows)

GridSearchCV(NeuralNetClassifier(Small, max_epochs=5), {"lr": [0.01, 0.1]}).fit(rows, kinds)
