import cv2
import yaml
from PIL import Image
from skimage.feature import hog
from sklearn.svm import LinearSVC

LinearSVC().fit([hog(cv2.imread(p)) for p in paths], names)
