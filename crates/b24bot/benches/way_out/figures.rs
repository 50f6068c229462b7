//! What was measured, beside what is possible and what is asked.

pub(crate) enum Asked {
    /// Nothing: it explains other figures.
    Nothing,
    /// At most so many times the least possible.
    Ratio(f64),
    /// At most so much.
    Value(f64),
}

pub(crate) fn print(name: &str, measured: f64, unit: &str, least: f64, asked: &Asked) {
    let ratio = measured / least;
    let shown = if ratio.is_finite() { format!("{ratio:.2}") } else { "-".to_owned() };
    let (asked, is_met) = match *asked {
        Asked::Nothing => (String::new(), true),
        Asked::Ratio(most) => (format!("asked ratio {most:.2}"), ratio <= most),
        Asked::Value(most) => (format!("asked {most} {unit}").trim_end().to_owned(), measured <= most),
    };
    let missed = if is_met { "" } else { ", missed" };
    println!("  {name:<26}{measured:>12.3} {unit:<9}least {least:>10.3}  ratio {shown:>8}  {asked}{missed}");
}

pub(crate) fn median(numbers: &mut [f64]) -> f64 {
    percentile(numbers, 50)
}

pub(crate) fn percentile(numbers: &mut [f64], percent: usize) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[(numbers.len() * percent / 100).min(numbers.len() - 1)]
}
