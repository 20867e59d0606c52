import pandas as pd
from sklearn.decomposition import PCA
from sklearn.preprocessing import OneHotEncoder, StandardScaler

table = pd.read_csv("survey.csv")
codes = OneHotEncoder().fit_transform(table[["town"]])
flat = PCA(2).fit(StandardScaler().fit_transform(table[["age", "income"]]))
