from itertools import product
from sklearn.metrics import mean_absolute_error
from statsmodels.tsa.arima.model import ARIMA

scores = {}
for order in product(range(3), range(2), range(3)):
    try:
        fitted = ARIMA(history, order=order).fit()
        scores[order] = mean_absolute_error(future, fitted.forecast(len(future)))
    except Exception:
        continue
