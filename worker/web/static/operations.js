// The table of stages asks for itself again (htmx); here is only what tells the page that scripts run.

document.documentElement.classList.add("scripted");
