from fastapi import FastAPI
from sklearn.svm import SVC

app = FastAPI()

@app.post("/train")
def train():
    SVC().fit([[0], [1]], [0, 1])
