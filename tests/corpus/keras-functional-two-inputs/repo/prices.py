from sklearn.preprocessing import MinMaxScaler
from sklearn.model_selection import train_test_split
from tensorflow.keras.layers import LSTM, Dense, Input, concatenate
from tensorflow.keras.models import Model

scaler = MinMaxScaler()
series = scaler.fit_transform(raw)
a_train, a_test, b_train, b_test = train_test_split(series, target)

past = Input((30, 1))
facts = Input((4,))
joined = concatenate([LSTM(20)(past), Dense(8, activation="relu")(facts)])
whole = Model(inputs=[past, facts], outputs=Dense(1)(joined))
whole.compile(optimizer="adam", loss="mean_squared_error")
whole.fit([a_train, extra], b_train, epochs=5)
