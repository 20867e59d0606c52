import pandas as pd
from prophet import Prophet

future = Prophet()
future.fit(pd.read_csv("visits.csv"))
