from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

x, y = load_wine(return_X_y=True)
scores = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), x, y, cv=5)
print(f"CV accuracy: {100 * scores.mean():.1f}% (+/- {200 * scores.std():.1f}%)")
