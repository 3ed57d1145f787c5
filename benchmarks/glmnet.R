# The R side of a race: see worker.py for the requests and replies.
suppressMessages(library(glmnet))

read <- function(name, what, n, size = 8) readBin(file.path(folder, name), what, n, size)

load_problem <- function() {
  about <- scan(file.path(folder, "about.txt"), quiet = TRUE)
  n <- about[1]; p <- about[2]; entries <- about[6]
  if (entries >= 0) {
    x <- sparseMatrix(
      i = read("i.bin", "integer", entries, 4), p = read("p.bin", "integer", p + 1, 4),
      x = read("x.bin", "numeric", entries), dims = c(n, p), index1 = FALSE
    )
  } else {
    x <- matrix(read("x.bin", "numeric", n * p), n, p)
  }
  list(
    x = x, y = read("y.bin", "numeric", n), lambda = read("alphas.bin", "numeric", about[3]),
    foldid = read("folds.bin", "integer", n, 4) + 1L, alpha = about[5],
    family = c("gaussian", "binomial", "poisson", "multinomial")[about[4] + 1]
  )
}

small_problem <- function(problem) {
  set.seed(0)
  x <- matrix(rnorm(200), 40, 5)
  if (is(problem$x, "sparseMatrix")) x <- Matrix(x, sparse = TRUE)
  y <- switch(problem$family,
    gaussian = x[, 1] + rnorm(40),
    binomial = rep(c(0, 0, 1, 1), 10),
    poisson = rpois(40, exp(0.3 * x[, 1])),
    multinomial = rep(0:2, length.out = 40)
  )
  modifyList(problem, list(x = x, y = y, lambda = c(0.3, 0.1, 0.03), foldid = rep(1:4, 10)))
}

solve_problem <- function(problem, ...) {
  measure <- if (problem$family == "gaussian") "mse" else "deviance"
  cv.glmnet(
    problem$x, problem$y, lambda = problem$lambda, foldid = problem$foldid,
    family = problem$family, alpha = problem$alpha, type.measure = measure,
    standardize = FALSE, ...
  )
}

# NA where the system does not tell
kilobytes <- function(what) {
  lines <- tryCatch(readLines("/proc/self/status"), error = function(e) character())
  found <- grep(paste0("^", what, ":"), lines, value = TRUE)
  if (length(found)) as.numeric(gsub("[^0-9]", "", found)) else NA
}

# bytes that the process holds now, from where its peak is counted anew
held <- function() {
  invisible(gc())
  reset <- tryCatch({ cat("5", file = "/proc/self/clear_refs"); TRUE }, error = function(e) FALSE)
  if (reset) 1024 * kilobytes("VmRSS") else NA
}

run <- function(thresh, maxit) {
  glmnet.control(factory = TRUE)
  caught <- character()
  # a tightened setting also goes on where the default would end the path early
  if (maxit > 0) glmnet.control(fdev = 0, devmax = 1)
  if (maxit == 0) maxit <- 1e5
  rm(list = intersect("last_fit", ls(globalenv())), envir = globalenv())
  before <- held() - as.numeric(object.size(problem$x)) - as.numeric(object.size(problem$y))
  seconds <- withCallingHandlers(
    system.time(
      last_fit <<- solve_problem(problem, thresh = thresh, maxit = maxit)
    )[["elapsed"]],
    warning = function(w) {
      caught <<- c(caught, conditionMessage(w))
      invokeRestart("muffleWarning")
    }
  )
  memory <- 1024 * kilobytes("VmHWM") - before
  c(seconds, memory, length(caught), if (length(caught)) caught[1] else "")
}

# as a user calls it, with strengths of its own
call_it <- function() {
  glmnet.control(factory = TRUE)
  own <- modifyList(problem, list(lambda = NULL))
  seconds <- suppressWarnings(system.time(found <- solve_problem(own)))[["elapsed"]]
  # a deviance is twice a log-loss
  c(seconds, min(found$cvm) / if (endsWith(problem$family, "nomial")) 2 else 1)
}

save_path <- function(folder) {
  fit <- last_fit$glmnet.fit
  # beyond the end of a path that was cut short, predictions use its last fit
  at <- pmin(seq_along(problem$lambda), length(fit$lambda))
  # of several classes there is a matrix each; features vary fastest, then classes, then strengths
  by_class <- if (is.list(fit$beta)) fit$beta else list(fit$beta)
  beta <- sapply(by_class, function(b) as.vector(as.matrix(b[, at])))
  beta <- aperm(array(beta, c(nrow(by_class[[1]]), length(at), length(by_class))), c(1, 3, 2))
  writeBin(as.vector(beta), file.path(folder, "coef.bin"))
  length(fit$lambda)
}

requests <- file("stdin", "r")
while (length(line <- readLines(requests, 1))) {
  fields <- strsplit(line, "\t")[[1]]
  answer <- tryCatch(
    {
      value <- switch(fields[1],
        load = {
          folder <- fields[2]
          problem <- load_problem()
          NULL
        },
        warm = {
          solve_problem(small_problem(problem))
          NULL
        },
        run = run(as.numeric(fields[3]), as.numeric(fields[4])),
        call = call_it(),
        save = save_path(fields[2])
      )
      c("ok", value)
    },
    error = function(e) c("error", conditionMessage(e))
  )
  cat(paste(gsub("[[:space:]]+", " ", answer), collapse = "\t"), "\n", sep = "")
  flush(stdout())
}
