from network import Network
from digits import read_digits

net = Network([784, 24, 10])
net.descend(read_digits("digits.gz"), rounds=10, rate=2.5)
