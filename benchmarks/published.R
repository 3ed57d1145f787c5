# Cross-validate glmnet on one data set, with its own strengths and with given ones: see published.py.
suppressMessages(library(glmnet))

folder <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name, what, n, size = 8) readBin(file.path(folder, name), what, n, size)
about <- scan(file.path(folder, "about.txt"), quiet = TRUE)
n <- about[1]
p <- about[2]
x <- matrix(read("x.bin", "numeric", n * p), n, p)
y <- read("y.bin", "numeric", n)
foldid <- read("folds.bin", "integer", n, 4)
for (method in c("lasso", "ridge")) {
  for (grid in c("glmnet", "wide")) {
    lambda <- if (grid == "wide") read(paste0(method, ".bin"), "numeric", about[3])
    fit <- cv.glmnet(x, y, alpha = as.numeric(method == "lasso"), lambda = lambda, foldid = foldid)
    found <- c(fit$lambda.min == min(fit$lambda), as.vector(coef(fit, s = "lambda.min")))
    writeBin(as.numeric(found), file.path(folder, paste0(method, "-", grid, ".out")))
  }
}
