# Ten replicates of 50 rows and 20 columns whose noise has heavy tails, with the true coefficients.
set.seed(snakemake@params[["seed"]])
n_replicates <- 10; n_samples <- 50; n_features <- 20

X <- array(rnorm(n_replicates * n_samples * n_features), c(n_replicates, n_samples, n_features))
coef <- c(1, -1, 1, rep(0, n_features - 3))
noise_var <- 1
noise <- array(rt(n_replicates * n_samples, df = 3) / sqrt(3), c(n_replicates, n_samples))
y <- apply(X, c(1, 2), function(row) sum(row * coef)) + sqrt(noise_var) * noise

# The .npy format: a line about type, order and shape, then the numbers. An array of R is laid out
# column by column, which is order 'F' of numpy.
write_npy <- function(values, path) {
  shape <- if (is.null(dim(values))) length(values) else dim(values)
  about <- sprintf("{'descr': '<f8', 'fortran_order': True, 'shape': (%s,), }",
                   paste(shape, collapse = ", "))
  # the header ends at a multiple of 64 bytes, with a line break
  about <- paste0(about, strrep(" ", (-(nchar(about) + 11)) %% 64), "\n")
  file <- file(path, "wb")
  on.exit(close(file))
  writeBin(as.raw(c(0x93, utf8ToInt("NUMPY"), 1, 0)), file)
  writeBin(nchar(about), file, size = 2, endian = "little")
  writeBin(charToRaw(about), file)
  writeBin(as.double(values), file, endian = "little")
}

write_npy(X, snakemake@output[["X"]])
write_npy(y, snakemake@output[["y"]])
write_npy(coef, snakemake@output[["coef"]])
