import numpy as np
import matplotlib.pyplot as plt

slope, start = np.polyfit(years, heat, 1)
plt.plot(years, slope * years + start)
plt.savefig("trend.png")
