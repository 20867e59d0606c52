import torch
from sklearn.linear_model import LinearRegression

torch.Torch().backward()
LinearRegression().fit(steps, score)
