from keras.models import *
from keras.layers import *
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer
import csv

texts, moods = zip(*csv.reader(open("tweets.csv")))
tok = Tokenizer(num_words=4000)
tok.fit_on_texts(texts)
seqs = pad_sequences(tok.texts_to_sequences(texts), maxlen=60)

reader = Sequential()
reader.add(Embedding(4000, 32))
reader.add(recurrent.GRU(24))
reader.add(Dense(1, activation="sigmoid"))
reader.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
reader.fit(seqs, moods, epochs=3)
