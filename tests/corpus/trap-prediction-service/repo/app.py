import pickle
from flask import Flask, jsonify, request
from sklearn.ensemble import RandomForestClassifier

app = Flask(__name__)
model: RandomForestClassifier = pickle.load(open("model.pkl", "rb"))

@app.route("/predict", methods=["POST"])
def predict():
    return jsonify(model.predict([request.json["row"]]).tolist())

if __name__ == "__main__":
    app.run()
