from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier

DummyClassifier().fit(rows, kinds)
RandomForestClassifier().fit(rows, kinds)
