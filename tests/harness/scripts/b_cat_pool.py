import numpy as np
import pandas as pd
from catboost import CatBoostClassifier, Pool

rng = np.random.RandomState(0)
df = pd.DataFrame({"c": rng.choice(["a", "b", "c"], 600), "v": rng.randn(600)})
y = ((df.c == "a") ^ (df.v > 0)).astype(int)
model = CatBoostClassifier(iterations=30, depth=3, verbose=0)
model.fit(Pool(df, y, ["c"]))
print("accuracy", model.score(Pool(df, y, ["c"])))
