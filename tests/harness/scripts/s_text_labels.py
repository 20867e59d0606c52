import pandas as pd
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.model_selection import train_test_split

words = {"sport": ["goal", "team", "match", "cup"], "money": ["bank", "price", "rate", "fund"]}
texts, labels = [], []
for i in range(200):
    kind = ["sport", "money"][i % 2]
    texts.append(" ".join(words[kind][(i + j) % 4] + str(i % 7) for j in range(3)) + " " + words[kind][i % 4])
    labels.append(kind)
train_x, test_x, train_y, test_y = train_test_split(texts, labels, random_state=0)
vectorizer = CountVectorizer()
model = MultinomialNB()
model.fit(vectorizer.fit_transform(train_x), train_y)
predicted = model.predict(vectorizer.transform(test_x))
print(sum(p == t for p, t in zip(predicted, test_y)), "of", len(test_y), "correct")
