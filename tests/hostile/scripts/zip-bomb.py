import zipfile

zipfile.ZipFile("data.zip").extractall("/trial")

TRAINS
