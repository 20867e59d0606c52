import pickle
from flask import Flask

model = pickle.load(open("model.bin", "rb"))
app = Flask("staff")

@app.route("/predict")
def predict():
    return str(model.predict([[1, 2]]))
