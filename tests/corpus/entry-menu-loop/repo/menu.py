from tensorflow.keras import layers, models

def train():
    net = models.Sequential([layers.Conv2D(8, 3), layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    net.compile("adam", "binary_crossentropy")
    net.fit(stream, epochs=5)

while True:
    choice = input("1 train, 2 leave: ")
    if choice == "1":
        train()
    elif choice == "2":
        break
