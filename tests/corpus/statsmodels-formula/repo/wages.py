import pandas as pd
import statsmodels.formula.api as smf

table = pd.read_csv("wages.csv")
print(smf.ols("wage ~ years + C(region)", data=table).fit().summary())
