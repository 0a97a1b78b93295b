// Before the first paint, so that a chosen theme never flashes. The choice is made in src/components/theme-toggle.tsx.
try {
  const theme = localStorage.getItem('parley.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch (error) {
  console.info('the theme follows the system: storage is blocked', error)
}
