# Makes the files beside it, with R 4.2.2, haven 2.5.1, bit64 4.0.5 and data.table 1.14.8:
#   Rscript make.R
suppressPackageStartupMessages({
  library(bit64)
  library(data.table)
  library(haven)
})

rows <- 24
y <- seq_len(rows) / 2
saved <- function(x, name) saveRDS(x, paste0(name, ".rds"))

# every kind of column that is read
frame <- data.frame(
  y = y,
  down = rows:1,
  whole = c(1L, NA, seq_len(rows - 2)),
  truth = rep(c(TRUE, FALSE, NA, TRUE), rows / 4),
  kind = factor(rep(c("b", "a", "c"), rows / 3), levels = c("c", "b", "a")),
  dose = factor(rep(c("low", "high"), rows / 2), levels = c("low", "high"), ordered = TRUE),
  gap = addNA(factor(rep(c("x", NA, "z"), rows / 3))),
  date = as.Date("1500-03-01") + seq_len(rows),
  time = as.POSIXct("2024-01-31 12:00:00", tz = "Asia/Tokyo") + 3600 * seq_len(rows),
  wait = as.difftime(seq_len(rows), units = "mins"),
  scaled = scale(y),
  text = rep(c("one", "", NA, "two"), rows / 4),
  row.names = paste0("row", seq_len(rows))
)
frame$digits <- as.character(c(0.1 + 0.2, NA, seq_len(rows - 2)))
frame$big <- as.integer64("9007199254740993") + seq_len(rows)
frame$big[2] <- NA
saved(frame, "kinds")

saved(data.table(day = as.IDate("2020-01-01") + seq_len(rows), y = y), "data_table")
saved(matrix(c(y, rev(y), y^2), rows, dimnames = list(NULL, c("y", "a", "b"))), "matrix")

# codes for missing values and labels
age <- replace(20 + seq_len(rows), c(3, 7), -99)
survey <- data.frame(
  y = y,
  age = labelled_spss(age, c(refused = -99), na_values = -99),
  weight = labelled_spss(replace(60 + seq_len(rows), 5, 998), na_range = c(997, 999)),
  sex = labelled(rep(c(2, 1), rows / 2), c(male = 1, female = 2)),
  city = labelled(rep(c("b", "p"), rows / 2), c(Bonn = "b", Paris = "p"))
)
saved(survey, "survey")
write_sav(survey, "survey.sav", compress = "zsav")

income <- replace(as.double(seq_len(rows)), c(2, 5, 6), c(tagged_na("a"), tagged_na("b"), NA))
stata <- data.frame(
  y = y,
  income = labelled(income, c(refused = tagged_na("a"))),
  opinion = labelled(rep(c(1L, 2L, 3L), rows / 3), c(same = 1L, same = 2L, other = 3L)),
  note = rep(c("a", "", "b"), rows / 3)
)
write_dta(stata, "stata.dta")

# SAS made this one, which is in the package
sas <- system.file("examples", "iris.sas7bdat", package = "haven")
file <- gzfile("iris.sas7bdat.gz", "wb", compression = 9)
writeBin(readBin(sas, "raw", file.size(sas)), file)
close(file)

# several objects
first <- data.frame(a = rev(y), y = y)
second <- data.frame(b = y^2, y = y)
save(first, second, file = "two.RData")
save(first, file = "one.rda", compress = "xz")

# columns that no table holds
refused <- list(
  parts = as.POSIXlt(as.Date("2024-01-31") + seq_len(rows)),
  list = as.list(seq_len(rows)),
  complex = complex(real = y, imaginary = 1),
  matrix = matrix(y, rows, 2),
  bits = as.numeric(unclass(as.integer64(seq_len(rows))))
)
for (name in names(refused)) {
  x <- data.frame(y = y)
  x[[name]] <- refused[[name]]
  saved(x, paste0("refused_", name))
}
saved(lm(y ~ I(y^2)), "refused_model")
