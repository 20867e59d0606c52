from tensorflow.keras.applications import VGG16
from sklearn.linear_model import LogisticRegression

seer = VGG16(weights="imagenet", include_top=False, pooling="avg")
seen = seer.predict(photos)
judge = LogisticRegression(max_iter=500)
judge.fit(seen, names)
