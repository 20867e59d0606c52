import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.feature_selection import RFECV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

X, y = make_classification(n_samples=500, n_features=15, n_informative=3, random_state=0)
rfecv = RFECV(estimator=LogisticRegression(), step=1, cv=StratifiedKFold(5), scoring="accuracy")
rfecv.fit(X, y)
print("Optimal number of features:", rfecv.n_features_)
plt.plot(rfecv.cv_results_["mean_test_score"])
plt.show()
