from keras.models import Sequential
from keras.layers import Dense
from keras.wrappers.scikit_learn import KerasClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

def build():
    net = Sequential([Dense(30, activation="relu"), Dense(1, activation="sigmoid")])
    net.compile(loss="binary_crossentropy", optimizer="adam")
    return net

steps = Pipeline([("scale", StandardScaler()), ("net", KerasClassifier(build_fn=build, epochs=20, verbose=0))])
print(cross_val_score(steps, rows, labels, cv=StratifiedKFold(5)).mean())
