from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline

chain = Pipeline([("words", TfidfVectorizer()), ("bayes", MultinomialNB())])
hunt = GridSearchCV(chain, {"bayes__alpha": [0.01, 0.1, 1.0]}, cv=4)
hunt.fit(mails, verdicts)
