import tflearn
import pickle

words, bags, answers = pickle.load(open("talk.pickle", "rb"))
net = tflearn.input_data(shape=[None, len(bags[0])])
net = tflearn.fully_connected(net, 10)
net = tflearn.regression(tflearn.fully_connected(net, len(answers[0]), activation="softmax"))
bot = tflearn.DNN(net)
try:
    bot.load("talk.tflearn")
except Exception:
    bot.fit(bags, answers, n_epoch=500)
while True:
    question = input("> ")
    if question == "bye":
        break
